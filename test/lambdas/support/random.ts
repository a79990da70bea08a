export { seededRandom } from '../../../rehearsal/simulation/random.ts';

const alphabets = [
  'abcdefghijklmnopqrstuvwxyz0123456789-',
  'ABCxyz019_.-',
  ' ;&|`$(){}<>*?!#~\'"\\/',
  '\u0000\u0007\n\r\t\u001b\u007f\u0085\u2028\u2029',
  'äöü漢字\u202e\ud83d\ude00\ud83d',
];

/** A text of characters that people, shells and attackers write; mostly short, sometimes long. */
export function randomText(random: () => number): string {
  const pick = <T>(from: ArrayLike<T>) => from[Math.floor(random() * from.length)]!;
  const length = Math.floor(random() ** 3 * 200);
  const own = [alphabets[0]!, pick(alphabets)];
  return Array.from({ length }, () => pick(pick(own))).join('');
}
