/** One end of a Node MessageChannel. Any thread. */

import type { MessagePort } from 'node:worker_threads';
import type { Port } from '../base/system.ts';

export function nodePort(port: MessagePort): Port {
  return {
    post: (message) => port.postMessage(message),
    onMessage: (listener) => void port.on('message', listener as (message: unknown) => void),
    onClose: (listener) => void port.once('close', listener),
    close: () => port.close(),
  };
}
