import { validateBody } from '@huicai/http';
import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';

/** Judges bodies; parameters of path and query are judged where they are read. */
export class BodyPipe implements PipeTransform {
  async transform(value: unknown, { type, metatype }: ArgumentMetadata): Promise<unknown> {
    if (type !== 'body') return value;
    if (!metatype || metatype === Object) throw new Error('A route takes a body without saying of what class');
    return validateBody(metatype as new () => object, value);
  }
}
