import { readdirSync, readFileSync } from 'node:fs';

/** Run as a process of its own: notes each command line of this machine it meets, and prints them all when its input ends. */
const everyMs = 50;
const seen = new Set<string>();

function look(): void {
  for (const pid of readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(pid)) continue;
    try {
      seen.add(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      // it has ended meanwhile
    }
  }
}

const timer = setInterval(look, everyMs);
look();
process.stdout.write('sampling\n');
process.stdin.resume().once('end', () => {
  clearInterval(timer);
  process.stdout.write(JSON.stringify([...seen]));
});
