import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ImageSource } from './ecr-images.ts';
import { ImageRecords, type ListedImage } from './ecr-records.ts';
import type { EventSink } from './event-bus.ts';

export interface Push {
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly tag?: string;
}

type Image = Omit<Push, 'mediaType'>;

/** Source: Amazon ECR user guide, "Sample events from Amazon ECR". */
const imageAction = (action: 'PUSH' | 'DELETE', { repository, digest, tag }: Image, more: object = {}) => ({
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  resources: [],
  detail: {
    result: 'SUCCESS',
    'repository-name': repository,
    'image-digest': digest,
    'action-type': action,
    ...(tag !== undefined && { 'image-tag': tag }),
    ...more,
  },
});

/** ECR's event for a push. */
export const pushEvent = (push: Push) => imageAction('PUSH', push, { 'manifest-media-type': push.mediaType });

/** ECR's events for an image that was deleted: one for each of its tags. */
export const deleteEvents = (repository: string, { digest, tags }: Pick<ListedImage, 'digest' | 'tags'>) =>
  (tags.length > 0 ? tags : [undefined]).map((tag) => imageAction('DELETE', { repository, digest, tag }));

/** What a repository lists, and how tags and images go from it: `erase` takes an image's manifest away. */
export const recordedImages = (
  records: ImageRecords,
  events: EventSink,
  erase: (repository: string, digest: string) => unknown,
): Pick<ImageSource, 'list' | 'untag' | 'remove'> => ({
  list: async (repository) => records.list(repository),
  async untag(repository, tag) {
    const digest = records.digestOf(repository, tag)!;
    records.untag(repository, tag);
    for (const event of deleteEvents(repository, { digest, tags: [tag] })) events.publish(event);
  },
  async remove(repository, image) {
    await erase(repository, image.digest);
    records.remove(repository, image);
    for (const event of deleteEvents(repository, image)) events.publish(event);
  },
});

/** The envelope of docker-registry's `notifications.endpoints`. Source: the distribution project's "Work with notifications". */
interface Envelope {
  readonly events: readonly {
    readonly action: string;
    readonly target: { mediaType: string; digest: string; repository: string; tag?: string };
  }[];
}

const manifestTypes = /manifest|image\.index/;

/**
 * A listener for the registry's notifications: each manifest pushed becomes an ECR event, with a tag only when it was
 * pushed by tag. Layers make none, and neither does a push that changes nothing.
 */
export function registryNotifications(
  events: EventSink,
  onPush?: (push: Push) => void,
  records = new ImageRecords(),
) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      for (const push of pushesIn(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Envelope)) {
        const isNew = records.note(push);
        onPush?.(push);
        if (isNew) events.publish(pushEvent(push));
      }
      response.writeHead(200).end();
    });
  };
}

const pushesIn = ({ events }: Envelope): Push[] =>
  events
    .filter(({ action, target }) => action === 'push' && manifestTypes.test(target.mediaType))
    .map(({ target }) => target);
