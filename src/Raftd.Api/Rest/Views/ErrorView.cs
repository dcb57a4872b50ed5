namespace Raftd.Api.Rest.Views;

/// <summary>The body of every error.</summary>
/// <param name="Error">What happened.</param>
/// <param name="Code">The error's name, for programs.</param>
/// <param name="Hint">What to do.</param>
/// <param name="Leader">The leader's client URL, where it is known and would help.</param>
internal sealed record ErrorView(string Error, string Code, string Hint, string? Leader)
{
    public static ErrorView Of(ApiError error) => new(error.Message, error.Code, error.Hint, error.Leader);
}
