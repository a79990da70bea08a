import { expect, test } from 'vitest';
import { CleanUp } from '../../../rehearsal/stage/clean-up.ts';

test('what was begun last is undone first, and each step once', async () => {
  const undone: string[] = [];
  const cleanUp = new CleanUp();
  cleanUp.add(() => undone.push('host'));
  cleanUp.add(async () => {
    await Promise.resolve();
    undone.push('deployer');
  });
  await cleanUp.run();
  await cleanUp.run();
  expect(undone).toEqual(['deployer', 'host']);
});

test('a step that fails keeps no other from being undone, and is told', async () => {
  const undone: string[] = [];
  const cleanUp = new CleanUp();
  cleanUp.add(() => undone.push('host'));
  cleanUp.add(() => Promise.reject(new Error('busy')));
  await expect(cleanUp.run()).rejects.toMatchObject({ errors: [{ message: 'busy' }] });
  expect(undone).toEqual(['host']);
});
