"""Reports: activities, indicators, evaluation, and the documents made from them."""
