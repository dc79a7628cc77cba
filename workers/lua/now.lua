-- The time by which everything here is due, in seconds.
return string.format('%.6f', clock())
