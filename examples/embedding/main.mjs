/**
 * A program that runs a job in its own process: it feeds the job payments and reads alerts. The cluster keeps its worker threads
 * until it is closed, so that a second job starts in milliseconds.
 *
 *   node examples/embedding/main.mjs [payments] [threshold]
 */
import { LocalCluster } from 'millrace';

const [payments = '10000', threshold = '12000'] = process.argv.slice(2);

const cluster = new LocalCluster({ slots: 2 });
try {
  const job = await cluster.submit(new URL('./alerts.job.mjs', import.meta.url), { args: { threshold: Number(threshold) } });
  await Promise.all([feed(job.input('payments')), show(job.output('alerts'))]);
  const { runtimeMs } = await job.result();
  console.log(`${payments} payments in ${Math.round(runtimeMs)} ms`);
} finally {
  await cluster.close();
}

/** Makes up payments of 20 accounts and writes them, a hundred at a time. */
async function feed(input) {
  const count = Number(payments);
  for (let first = 0; first < count; first += 100) {
    const batch = Array.from({ length: Math.min(100, count - first) }, (_, i) => payment(first + i));
    // Waits while the job is behind, so that no more than it can take is in memory.
    await input.write(batch);
  }
  await input.end();
}

function payment(number) {
  return { account: `account-${number % 20}`, amount: 5 + ((number * 7919) % 50) };
}

/** Prints alerts until the input has ended and everything has run through. */
async function show(alerts) {
  for await (const { account, total } of alerts) console.log(`${account} has paid ${total}`);
}
