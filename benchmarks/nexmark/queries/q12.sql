-- What the counts of a bidder's windows add up to.
SELECT bidder, count(*) AS bid_count
FROM bid GROUP BY bidder
