export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}
