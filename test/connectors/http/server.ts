/** A web service of a test: a real server on this machine, which notes what it is sent and answers as it is told. */

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Answers a request; by default with 204. */
export type Answer = (response: ServerResponse, received: Received) => void;

export class TestService {
  readonly received: Received[] = [];
  readonly url: string;
  /** Answers to come, one for each request. */
  readonly answers: Answer[] = [];
  readonly close: () => void;

  private constructor(url: string, close: () => void) {
    this.url = url;
    this.close = close;
  }

  static async start(port = 0): Promise<TestService> {
    const server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { method = '', url = '', headers } = request;
      const received = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      service.received.push(received);
      const answer = service.answers.shift();
      if (answer === undefined) response.writeHead(204).end();
      else answer(response, received);
    });
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const service = new TestService(url, () => {
      server.closeAllConnections();
      server.close();
    });
    return service;
  }

  /** Bodies to a path, in the order in which they came. */
  bodies(path: string): string[] {
    return this.received.filter((each) => each.path === path).map(({ body }) => body);
  }
}
