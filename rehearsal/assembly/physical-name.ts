import { createHash } from 'node:crypto';

/**
 * A name as CloudFormation makes them: `Stack-LogicalId-1A2B3C4D5E6F`, or lower case where the service wants that. Always the same
 * for the same stack, so that a second deployment of it finds the first one's things.
 */
export function physicalName(stackName: string, logicalId: string, limit = 64): string {
  const random = suffix(stackName, logicalId, 12);
  const prefix = `${stackName}-${logicalId}`.slice(0, limit - random.length - 1);
  return `${prefix}-${random}`;
}

/** An id as EC2 gives them: `vol-0123456789abcdef0`. */
export function ec2Id(prefix: string, stackName: string, logicalId: string): string {
  return `${prefix}-0${createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex').slice(0, 16)}`;
}

function suffix(stackName: string, logicalId: string, length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
  const digest = createHash('sha256').update(`${stackName}/${logicalId}`).digest();
  return Array.from(digest.subarray(0, length), (byte) => alphabet[byte % alphabet.length]).join('');
}
