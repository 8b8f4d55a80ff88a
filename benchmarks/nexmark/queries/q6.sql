WITH winners AS (
  SELECT A.id, A.seller, A.expires, max(B.price) AS price
  FROM auction A JOIN bid B ON A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires
  GROUP BY A.id, A.seller, A.expires
)
SELECT seller, sum(price) OVER last_eleven::DOUBLE / count(*) OVER last_eleven AS avg_price
FROM winners
WINDOW last_eleven AS (PARTITION BY seller ORDER BY expires, id ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)
