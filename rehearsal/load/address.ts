export interface Address {
  readonly host: string;
  readonly port: number;
}

export function formatAddress({ host, port }: Address): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** As a browser writes it. */
export function formatHostHeader(address: Address): string {
  return address.port === 80 ? formatAddress(address).slice(0, -':80'.length) : formatAddress(address);
}
