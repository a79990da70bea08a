import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import type { RealHost } from '../host/real/real-host.ts';
import type { Rehearsal } from '../rehearsal.ts';
import { formsOf, type Trace } from './search.ts';

/** What a run has left outside its hosts: the assembly, every log, states and histories, commands, the ledger. */
export async function collectTraces({ deployer, logFolder }: Rehearsal): Promise<Trace[]> {
  const executions = deployer.states.executions().map(({ name, handle }) => ({
    place: `execution ${name}`,
    content: JSON.stringify(handle.history),
  }));
  const commands = deployer.ssm.commands.map((command, index) => ({
    place: `command ${index} ${command.comment}`,
    content: JSON.stringify(command),
  }));
  return [...filesBelow(logFolder), ...executions, ...commands, ...(await itemsOf(deployer))];
}

function filesBelow(folder: string): Trace[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ place: `log ${path.slice(folder.length + 1)}`, content: readFileSync(path) }));
}

async function itemsOf({ stack, endpointUrl, credentials }: Rehearsal['deployer']): Promise<Trace[]> {
  const table = stack.resources.find(({ type }) => type === 'AWS::DynamoDB::Table')!;
  const client = new DynamoDBClient({
    endpoint: endpointUrl,
    region: stack.region,
    credentials: credentials.credentialsFor('rehearsal'),
  });
  const items: Trace[] = [];
  for await (const { Items = [] } of paginateScan(
    { client: DynamoDBDocumentClient.from(client) },
    { TableName: table.ref },
  ))
    for (const item of Items)
      items.push({
        place: `ledger ${item.pk as string} ${item.sk as string}`,
        content: JSON.stringify(item),
      });
  client.destroy();
  return items;
}

/** The files of a host that hold a secret in any form, on its root disk, its volume and in memory; its journal counts as one. */
export async function filesWithSecret(host: RealHost, secret: string): Promise<string[]> {
  const forms = formsOf(secret).join('\n');
  const found = await host.exec(['env', `FORMS=${forms}`, 'bash', '-c', searchFiles]);
  return found.split('\n').filter(Boolean).sort();
}

/** The forms come by the environment, and grep is asked to leave out the kernel's own files, where that environment is. */
const searchFiles = `
  set -u
  grep --recursive --files-with-matches --binary-files=text --fixed-strings --devices=skip --no-messages \\
    --exclude-dir=proc --exclude-dir=sys --exclude-dir=dev --file <(printf '%s\\n' "$FORMS") / || (($? < 2)) || true
  if journalctl --all --no-pager --output=export 2>/dev/null | grep --text --quiet --fixed-strings --file <(printf '%s\\n' "$FORMS")
  then echo journal; fi
`;
