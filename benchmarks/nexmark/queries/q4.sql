WITH winners AS (
  SELECT A.id, A.category, max(B.price) AS price
  FROM auction A JOIN bid B ON A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires
  GROUP BY A.id, A.category
)
SELECT category, sum(price)::DOUBLE / count(*) AS average
FROM winners GROUP BY category
