-- ARGV: ids of dead letters to forget.
local dropped = 0
for _ = 1, #ARGV do
  if remove_letter(arg()) then dropped = dropped + 1 end
end
return dropped
