import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';

/** A /30 of its own for a host; the link has no way out of this machine. */
export interface HostAddresses {
  readonly index: number;
  /** This machine's end. */
  readonly gateway: string;
  readonly host: string;
  release(): void;
}

const indexes = 250;

/** Claims a free subnet for the life of this process: the claim is a socket name, which the kernel frees if we crash. */
export async function claimAddresses(): Promise<HostAddresses> {
  for (let index = 1; index <= indexes; index++) {
    const gateway = `10.77.${index}.1`;
    const claim = isInUse(`10.77.${index}.`) ? undefined : await claimName(`\0edgepaas-rehearsal-${index}`);
    if (claim) return { index, gateway, host: `10.77.${index}.2`, release: () => claim.close() };
  }
  throw new Error(`No free subnet for a rehearsal host: all ${indexes} of 10.77.0.0/16 are in use`);
}

function isInUse(prefix: string): boolean {
  return Object.values(networkInterfaces()).some((links) =>
    links?.some((link) => link.address.startsWith(prefix)),
  );
}

function claimName(name: string): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(name, () => resolve(server.unref()));
  });
}
