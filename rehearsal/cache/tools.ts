import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { runCommand } from '../host/real/run-command.ts';
import { scriptPath } from './recipe.ts';

/** Runs a program of the image's tools to its end; `folder` is its /mnt and working directory. */
export function runTool(imageFolder: string, folder: string, command: readonly string[]): Promise<string> {
  return runCommand('unshare', insideTools(imageFolder, folder, command));
}

/**
 * Starts a program of the image's tools: it dies with this process, but not by a Ctrl-C that is meant for this one.
 * `namespaces` are further ones for unshare to make.
 */
export function startTool(
  imageFolder: string,
  folder: string,
  command: readonly string[],
  stdio: StdioOptions,
  namespaces: readonly string[] = [],
): ChildProcess {
  const unshare = ['unshare', ...namespaces, ...insideTools(imageFolder, folder, command)];
  return spawn('setpriv', ['--pdeathsig', 'KILL', ...unshare], { stdio, detached: true });
}

function insideTools(imageFolder: string, folder: string, command: readonly string[]): string[] {
  return [
    '--mount',
    '--propagation',
    'private',
    'sh',
    scriptPath('enter-tools.sh'),
    imageFolder,
    folder,
    ...command,
  ];
}
