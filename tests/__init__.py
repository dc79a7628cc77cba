"""The tests. Each folder says in its name what it may touch: unit no socket, integration real servers."""
