import { execFile, type ExecFileOptions } from 'node:child_process';

/** Runs a program of this machine and gives its stdout; a failure carries what the program said. */
export function runCommand(
  file: string,
  args: readonly string[],
  options: Pick<ExecFileOptions, 'env' | 'cwd' | 'timeout' | 'signal' | 'killSignal'> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { maxBuffer: 64 << 20, ...options }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = (stderr || stdout).trim().split('\n').slice(-8).join('\n');
      reject(new Error(`${file} ${args.join(' ')}: ${said || error.message}`, { cause: error }));
    });
  });
}
