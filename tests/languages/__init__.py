"""The labelled texts: sentences of thirty languages as people type them, and texts that have no language."""
