"""The doors: every way in. HTTP, command line; never imports torch, bertopic or numpy."""
