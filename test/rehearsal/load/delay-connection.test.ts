import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import type { Address } from '../../../rehearsal/load/address.ts';
import { delayConnection } from '../../../rehearsal/load/delay-connection.ts';
import { listen } from './servers.ts';

function block(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

async function ask(address: Address): Promise<string> {
  const socket = connect(address);
  await once(socket, 'connect');
  socket.end('hello');
  return text(socket);
}

it(
  'keeps what is sent in order even when its process is held up for longer than the delay',
  { repeats: 3 },
  async () => {
    const target = await listen(createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket)));
    const front = createServer({ allowHalfOpen: true }, (client) => delayConnection(client, target, 20));
    const address = await listen(front);
    // Node's timers would swap the bytes of later connections with their SYN here, if each had a timer of its own.
    const answers: Promise<string>[] = [];
    for (let connection = 0; connection < 12; connection++) {
      answers.push(ask(address));
      await wait(8);
    }
    block(200);
    expect(await Promise.all(answers)).toEqual(answers.map(() => 'hello'));
  },
);
