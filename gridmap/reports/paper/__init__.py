"""Documents set as pages, in Word and as PDF: the same words, tables and pictures in all three."""
