"""Pictures of reports, drawn on the server for paper: charts and maps as PNG."""
