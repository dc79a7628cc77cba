-- ARGV: patience, parcels, letters, counts. All or nothing.
local patience = number()
write_rest(clock(), patience)
return 1
