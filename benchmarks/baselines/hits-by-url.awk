# Hits and bytes of each URL of an access log in the combined format, one line for each, in no order:
#
#   mawk -f benchmarks/baselines/hits-by-url.awk access.log

{
  hits[$7]++
  bytes[$7] += $10
}

END {
  for (url in hits) printf "%s %.0f %.0f\n", url, hits[url], bytes[url]
}
