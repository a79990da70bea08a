import { expect, test } from 'vitest';
import { hostHeaderFor } from '../../../rehearsal/stage/stage.ts';

test.each([
  [[], undefined],
  [['_'], undefined],
  [['shop.example.com', '_'], undefined],
  [['shop.example.com', 'www.example.com'], 'shop.example.com'],
  [['*.example.com'], 'www.example.com'],
])('clients of an app that answers to %j ask for %s', (serverNames, hostHeader) => {
  expect(hostHeaderFor(serverNames)).toBe(hostHeader);
});
