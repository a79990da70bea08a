const errorTitle = '\n----------ERROR-------\n';
const cutOutput = '\n---Output truncated---';
const cutError = '\n---Error truncated----';

/** What ListCommandInvocations shows of a plugin: stdout and stderr in one text. Source: the agent's TruncateOutput. */
export function combineOutput(stdout: string, stderr: string, capacity = 2_500): string {
  const out = Buffer.from(stdout);
  const err = Buffer.from(stderr);
  const title = err.length > 0 ? errorTitle : '';
  const space = capacity - title.length;
  if (out.length + err.length < space) return stdout + title + stderr;
  if (out.length > space / 2 && err.length > space / 2) {
    const half = Math.floor((space - cutError.length - cutOutput.length) / 2);
    return cut(out, half) + cutOutput + title + cut(err, half) + cutError;
  }
  if (out.length < space / 2)
    return stdout + title + cut(err, space - cutError.length - out.length) + cutError;
  return cut(out, space - cutOutput.length - err.length) + cutOutput + title + stderr;
}

/** What GetCommandInvocation shows of a stream: 24,000 bytes of stdout, 8,000 of stderr. */
export function truncateStream(text: string, capacity: number): string {
  const bytes = Buffer.from(text);
  const suffix = '\n--output truncated--';
  return bytes.length <= capacity ? text : cut(bytes, capacity - suffix.length) + suffix;
}

const cut = (bytes: Buffer, length: number) => bytes.subarray(0, Math.max(0, length)).toString('utf8');
