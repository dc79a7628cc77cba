"""The built-in dashboard: pages that the server renders over the embedded store, for people.

`address` reads what a page is about from its URL, `pages` turns reports into a `View`, templates show it, and
`export` hands out its tables.
"""
