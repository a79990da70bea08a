import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBaseImage } from '../cache/ensure-base-image.ts';
import { runTool } from '../cache/tools.ts';
import { createScratchFolder } from '../host/real/run-folder.ts';
import { jsonBlob } from '../images/blob.ts';
import { describe } from '../images/build-image.ts';
import type { Image, Layer } from '../images/image.ts';
import { makeLayer, type LayerEntry } from '../images/layer.ts';

/** The commands of its migrations, as a plan hands them to run-migrations. */
export const migrationCommands = {
  migrationCommand: '["/bin/sh","/migrate","upgrade"]',
  currentCommand: '["/bin/sh","/migrate","current"]',
  headCommand: '["/bin/sh","/migrate","head"]',
};

/**
 * As Alembic does it: a table with the revision, a transaction a revision, and no way on from a revision it does not know. It ends
 * when it is asked to; what its statement does in the server goes on.
 */
const tool = `set -eu
trap 'exit 143' TERM
ask() { psql "$DATABASE_URL" --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 "$@"; }
current() {
  revision=
  if [ "$(ask -c "SELECT to_regclass('schema_revision')")" ]; then revision=$(ask -c 'SELECT revision FROM schema_revision'); fi
  if [ "$revision" ] && [ ! -e "/migrations/$revision.sql" ]; then
    echo "FAILED: Can't locate revision identified by '$revision'" >&2
    exit 255
  fi
}
upgrade() {
  current
  for file in /migrations/*.sql; do
    next=\${file##*/} next=\${next%.sql}
    if [ "$next" = "$revision" ]; then revision=; continue; fi
    if [ "$revision" ]; then continue; fi
    echo "upgrade to $next" >&2
    ask --single-transaction -f "$file" -c 'CREATE TABLE IF NOT EXISTS schema_revision (revision text)' \\
      -c 'DELETE FROM schema_revision' -c "INSERT INTO schema_revision VALUES ('$next')" &
    wait $!
  done
}
case $1 in
  head) for file in /migrations/*.sql; do head=\${file##*/}; done; echo "\${head%.sql} (head)" ;;
  current) current; if [ "$revision" ]; then echo "$revision (current)"; fi ;;
  upgrade) upgrade ;;
  *) "$@" ;;
esac
`;

/** Takes psql and a shell, with their libraries, out of the image's tools into /mnt/root. */
const collect = `set -eu
mkdir root
psql=$(ls /usr/lib/postgresql/*/bin/psql)
for program in "$psql" /bin/sh; do
  for file in "$program" $(ldd "$program" | grep -o '/[^ ]* '); do cp -L --parents "$file" root; done
done
mkdir -p root/usr/bin && mv "root$psql" root/usr/bin/psql`;

let base: Promise<Layer> | undefined;

/** An image that brings revisions by their names, in order, each a text of SQL. It serves nothing. */
export async function makeMigrationImage(
  buildVersion: string,
  revisions: Readonly<Record<string, string>>,
): Promise<Image> {
  base ??= makeBase();
  const layers = [await base, await makeLayer(describeFiles(revisions))];
  const config = jsonBlob('application/vnd.oci.image.config.v1+json', {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: {
      Env: ['PATH=/usr/bin:/bin', `BUILD_VERSION=${buildVersion}`],
      Cmd: ['/bin/sh', '/migrate', 'head'],
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = jsonBlob(mediaType, {
    ...{ schemaVersion: 2, mediaType, config: describe(config), layers: layers.map(describe) },
  });
  return { spec: { buildVersion }, digest: manifest.digest, manifest, blobs: [config, ...layers] };
}

function describeFiles(revisions: Readonly<Record<string, string>>): LayerEntry[] {
  const files = Object.entries(revisions).map(([name, sql]): LayerEntry => {
    return { path: `migrations/${name}.sql`, mode: 0o644, content: Buffer.from(sql) };
  });
  return [{ path: 'migrate', mode: 0o755, content: Buffer.from(tool) }, ...files];
}

async function makeBase(): Promise<Layer> {
  const { folder: imageFolder } = await ensureBaseImage();
  const folder = createScratchFolder('migration-image-');
  try {
    await runTool(imageFolder, folder, ['sh', '-c', collect]);
    return await makeLayer(await readTree(join(folder, 'root')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function readTree(root: string): Promise<LayerEntry[]> {
  const found = await readdir(root, { recursive: true, withFileTypes: true });
  const files = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    files.map(async (file) => ({
      path: file.slice(root.length + 1),
      mode: 0o755,
      content: await readFile(file),
    })),
  );
}
