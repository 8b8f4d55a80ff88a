/** Which bid wins, at the edges: generated bids rarely come in front of their auction, or at its very first or last instant. */

import { type OperatorHarness, operatorHarness } from 'millrace/testing';
import { describe, expect, it } from 'vitest';
import { loadQuery } from './suite.ts';

interface Offer {
  readonly id: number;
  readonly dateTime: number;
  readonly expires: number;
}

interface Bid {
  readonly auction: number;
  readonly dateTime: number;
  readonly price: number;
}

interface Won {
  readonly auction: Offer;
  readonly bid: Bid;
}

const url = new URL('../../benchmarks/nexmark/winning-bids.mjs', import.meta.url).href;
const { winningBid } = (await import(url)) as { winningBid: (isBetter: (bid: Bid, best: Bid) => boolean) => object };

function harness(): OperatorHarness<Won, Offer, Bid> {
  const fn = winningBid((bid, best) => bid.price > best.price);
  return operatorHarness(fn as never, { keyBy: ['id', 'auction'] } as never) as unknown as OperatorHarness<Won, Offer, Bid>;
}

const auction = { id: 1, dateTime: 100, expires: 200 };
const bid = (dateTime: number, price: number): Bid => ({ auction: 1, dateTime, price });

/** Prices of the winners. */
const winners = ({ output }: OperatorHarness<Won, Offer, Bid>): number[] => output.map((won) => won.bid.price);

describe('the winning bid', () => {
  it('counts from the first instant of its auction to the last, and no others do', () => {
    const subject = harness();
    subject.first.processElement(auction, 100);
    for (const [at, price] of [
      [99, 90],
      [100, 10],
      [200, 20],
      [201, 80],
    ] as const)
      subject.second.processElement(bid(at, price), at);
    subject.processWatermark(199);
    expect(subject.output).toEqual([]);
    subject.processWatermark(200);
    expect(subject.records).toEqual([{ value: { auction, bid: bid(200, 20) }, timestamp: 200 }]);
  });

  it('may come in front of its auction', () => {
    const subject = harness();
    subject.second.processElement(bid(120, 30), 120);
    subject.second.processElement(bid(90, 70), 90);
    subject.second.processElement(bid(130, 20), 130);
    // The second bid's time has passed: an auction that it could count for would have come.
    subject.processWatermark(99);
    subject.first.processElement(auction, 100);
    subject.processWatermark(300);
    expect(winners(subject)).toEqual([30]);
  });

  it('is told in the order in which auctions came, of those that close at the same time, whatever bids came in front of them', () => {
    const subject = harness();
    const later = { ...auction, id: 2 };
    subject.second.processElement({ auction: 2, dateTime: 200, price: 1 }, 200);
    subject.first.processElement(auction, 100);
    subject.second.processElement(bid(150, 2), 150);
    subject.first.processElement(later, 100);
    subject.processWatermark(200);
    expect(winners(subject)).toEqual([2, 1]);
  });

  it('leaves nothing behind: neither with an auction, nor of bids whose auction never comes, or has closed', () => {
    const subject = harness();
    subject.second.processElement(bid(110, 5), 110);
    subject.first.processElement(auction, 100);
    subject.second.processElement({ auction: 2, dateTime: 150, price: 7 }, 150);
    subject.processWatermark(200);
    subject.second.processElement(bid(250, 9), 250);
    expect(subject.numKeyedStateEntries()).toBe(1);
    subject.processWatermark(250);
    expect(winners(subject)).toEqual([5]);
    expect([subject.numKeyedStateEntries(), subject.numEventTimeTimers()]).toEqual([0, 0]);
  });
});

it.each(['q4', 'q6', 'q9', 'q15', 'q16', 'q17', 'q18', 'q19', 'q20'])(
  '%s says by which fields its updates replace each other',
  async (name) => {
    const { emits, upsertKey } = await loadQuery(name);
    expect(upsertKey === undefined).toBe(emits === 'rows');
  },
);
