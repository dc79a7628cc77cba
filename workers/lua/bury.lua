-- ARGV: id, lease token, reason, how much is kept, and what, unless it is all.
local id, lease, reason, kept, rest = arg(), arg(), arg(), arg(), arg()
if not holds(id, lease) then return 0 end
bury(id, reason, clock(), kept, rest)
return 1
