import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, record, time } from './record.ts';

/** `cdk synth` as a person types it, CLI and all, of edgepaas.config.ts. */
const folder = mkdtempSync(join(tmpdir(), 'edgepaas-bench-'));
const synth = () => execFileSync('npx', ['cdk', 'synth', '--quiet', '--output', folder], { stdio: 'ignore' });
const times = await time(5, synth);
rmSync(folder, { recursive: true });
record('synth', { medianMs: median(times), times });
