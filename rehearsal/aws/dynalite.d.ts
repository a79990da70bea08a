declare module 'dynalite' {
  import type { Server } from 'node:http';
  /** An HTTP server that speaks DynamoDB; without `path` its tables are in memory. */
  export default function dynalite(options?: {
    path?: string;
    createTableMs?: number;
    deleteTableMs?: number;
    updateTableMs?: number;
  }): Server;
}
