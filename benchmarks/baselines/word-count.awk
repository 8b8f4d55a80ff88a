# Counts the words of files as native-bench/word-count.c does, and prints how many there are and how many distinct ones:
#
#   mawk -f benchmarks/baselines/word-count.awk file
#
# A field separator of one space would take several spaces for one; as a regular expression, each space separates, and
# empty words count. A line without bytes has no fields for awk, but is one empty word.

BEGIN { FS = "[ ]" }

NF == 0 { counts[""]++; words++; next }

{
  for (i = 1; i <= NF; i++) counts[$i]++
  words += NF
}

END {
  for (word in counts) distinct++
  printf "%.0f %.0f\n", words, distinct
}
