import { startTool } from '../cache/tools.ts';
import { programs } from './cluster.ts';

const endOfField = '\x1f';
const endOfRow = '\x1e';

export interface SqlTarget {
  readonly imageFolder: string;
  readonly folder: string;
  readonly port: number;
  readonly database: string;
}

/** Runs statements by the server's socket. By stdin, as an argument would show them in the process list. */
export async function runSql(
  { imageFolder, folder, port, database }: SqlTarget,
  sql: string,
): Promise<string[][]> {
  const format = ['--tuples-only', '--no-align', `--field-separator=${endOfField}`];
  const psql = [
    ...[`${programs}/psql`, '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', ...format],
    ...[`--record-separator=${endOfRow}`, '--host=/mnt', `--port=${port}`, '--username=postgres', database],
  ];
  const child = startTool(imageFolder, folder, psql, 'pipe');
  child.stdin!.on('error', () => {}); // it could not connect, and its exit code says so
  child.stdin!.end(sql);
  const said: Buffer[][] = [[], []];
  child.stdout!.on('data', (chunk: Buffer) => said[0]!.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => said[1]!.push(chunk));
  const code = await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  const [answer, complaint] = said.map((chunks) => Buffer.concat(chunks).toString());
  if (code !== 0) throw new Error(`PostgreSQL: ${complaint!.trim()}`);
  return parseRows(answer!);
}

function parseRows(answer: string): string[][] {
  if (answer === '') return [];
  return answer
    .replace(/\n$/, '')
    .split(endOfRow)
    .map((row) => row.split(endOfField));
}
