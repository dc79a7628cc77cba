"""Black box: the stack as a user starts it, by command line and HTTP. Nothing of ours is imported here."""
