"""Log records and the points they must become: adding a case is adding a folder."""
