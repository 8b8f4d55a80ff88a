WITH hops AS (
  -- A bid belongs to the five windows that end in the 10 seconds after it.
  SELECT auction, time_bucket(INTERVAL 2 SECOND, dateTime) + to_seconds(hop * 2) AS window_end
  FROM bid, (SELECT unnest([1, 2, 3, 4, 5]) AS hop)
), counts AS (
  SELECT auction, window_end, count(*) AS num
  FROM hops GROUP BY auction, window_end
)
SELECT auction, num
FROM counts
QUALIFY num = max(num) OVER (PARTITION BY window_end)
