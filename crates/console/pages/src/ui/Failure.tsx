// Where a view fails, the rest of the page still works, and a sentence stands in its place. Only a reload tries again:
// what failed may be the view's own file, which a new release has replaced.
import { Component, type ReactNode } from "react";
import { ErrorNote } from "./ErrorNote";

interface Props {
  /** Another view is another try. */
  view: string;
  children: ReactNode;
}

export class Failure extends Component<Props, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidUpdate(before: Props) {
    if (before.view !== this.props.view && this.state.failed) this.setState({ failed: false });
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <div style={{ padding: 24, flex: 1 }}>
        <ErrorNote error={null} retry={() => window.location.reload()} />
      </div>
    );
  }
}
