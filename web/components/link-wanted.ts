/** Somebody wants to go where no link leads: the page around the elements takes them there. */

export class LinkWanted extends Event {
  static readonly type = 'link-wanted';
  readonly href: string;

  constructor(href: string) {
    super(LinkWanted.type, { bubbles: true, composed: true });
    this.href = href;
  }
}
