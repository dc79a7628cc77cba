"""One command of `dial-analytics` a file."""
