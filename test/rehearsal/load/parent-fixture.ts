import { join } from 'node:path';
import { Child } from '../../../rehearsal/load/child.ts';

const child = new Child(join(import.meta.dirname, 'child-fixture.ts'));
console.log(await child.call('pid'));
