# Hits, bytes and errors of each URL of an access log, as one would write it at a prompt; prints only the totals, in the words
# of examples/access-log.ts:
#
#   mawk -f benchmarks/baselines/access-log.awk access.log

{
  url = $7
  sub(/\?.*/, "", url)
  hits[url]++
  bytes[url] += $10
  if ($9 >= 400) errors[url]++
}

END {
  for (url in hits) {
    urls++
    allBytes += bytes[url]
    allErrors += errors[url]
  }
  printf "%.0f hits of %.0f URLs, %.0f bytes, %.0f errors\n", NR, urls, allBytes, allErrors
}
