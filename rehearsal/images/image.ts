/** How an OCI image names this machine's architecture and the other one. */
export type ImageArchitecture = 'amd64' | 'arm64';

export interface ImageSpec {
  readonly buildVersion: string;
  /** A label only: the content is always this machine's. Default: this machine's. */
  readonly architecture?: ImageArchitecture;
  /** Default: the example app. `none` leaves the image without any command. */
  readonly command?: readonly string[] | 'none';
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Bytes that no compression makes smaller, new with each buildVersion. */
  readonly extraBytes?: number | undefined;
  /** Bytes that compression makes next to nothing of. */
  readonly emptyBytes?: number | undefined;
  /** The example that the image holds; `fastapi` comes from `fastApi.release`. Default: `node`. */
  readonly app?: 'node' | 'fastapi';
  /** Of the FastAPI example: what replaces its files or joins them, by path below /app. */
  readonly files?: Readonly<Record<string, string>>;
  /** `empty` spares the 105 MB of Node where nothing will run the image. Default: `node`. */
  readonly base?: 'node' | 'empty';
}

export interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  read(): Promise<Buffer>;
}

export interface Layer extends Blob {
  /** Digest of the tar before compression. */
  readonly diffId: string;
}

export interface Image {
  readonly spec: ImageSpec;
  /** The manifest's: what a deployment pins. */
  readonly digest: string;
  readonly manifest: Blob;
  /** Configuration and layers: everything the manifest names. */
  readonly blobs: readonly Blob[];
}
