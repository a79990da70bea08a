/**
 * The pairs of a GITHUB_ENV or GITHUB_OUTPUT file, as NAME=VALUE or NAME<<DELIMITER. Source: actions/runner,
 * src/Runner.Worker/FileCommandManager.cs, EnvFileKeyValuePairs.
 */
export function parseFileCommand(text: string): [name: string, value: string][] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const pairs: [string, string][] = [];
  for (let line = lines.shift(); line !== undefined; line = lines.shift())
    if (line !== '') pairs.push(parsePair(line, lines));
  return pairs;
}

function parsePair(line: string, following: string[]): [string, string] {
  const equals = line.indexOf('=');
  const here = line.indexOf('<<');
  if (equals >= 0 && (here < 0 || equals < here)) return [line.slice(0, equals), line.slice(equals + 1)];
  const name = line.slice(0, here);
  const delimiter = line.slice(here + 2);
  if (here < 0 || !name || !delimiter) throw new Error(`Invalid format '${line}'`);
  const end = following.indexOf(delimiter);
  if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
  const value = following.splice(0, end + 1).slice(0, -1);
  return [name, value.join('\n')];
}
