import { ensureBaseImage } from '../../../rehearsal/cache/ensure-base-image.ts';
import { runFolder } from '../../../rehearsal/host/real/run-folder.ts';
import { startManagedDatabase } from '../../../rehearsal/managed-database/managed-database.ts';

/** A run that holds a database until it is killed. */
const { folder: imageFolder } = await ensureBaseImage();
const { port } = await startManagedDatabase({ imageFolder, address: '127.0.0.1' });
console.log(JSON.stringify({ port, folder: runFolder() }));
setInterval(() => {}, 1_000_000);
