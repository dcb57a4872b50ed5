using System.Text.Json;

namespace ServiceDiscovery;

/// <summary>A service that is alive.</summary>
internal sealed record Service(string Address, double Weight);

/// <summary>Who is alive, and who of them gets the next request.</summary>
internal static class Services
{
    /// <summary>Ordered by name, for every client alike. Data of another form is passed over: other versions write too.</summary>
    public static async Task<List<Service>> ListAsync(Members members, string prefix)
    {
        var answer = await members.SendAsync(
            HttpMethod.Get, $"/lease/kv/{Registration.Key}?prefix={Uri.EscapeDataString(prefix)}");
        using var json = JsonDocument.Parse(answer.MustBeOk());
        return [.. json.RootElement.EnumerateArray().Select(Read).OfType<Service>()];
    }

    /// <summary>One of the services, each as often as its weight says; one with weight 0 never. Null if there is none.</summary>
    /// <param name="services">The list as it is now.</param>
    /// <param name="number">In [0, 1), usually random. The same number picks the same service, so this can be tested.</param>
    public static Service? Pick(IReadOnlyList<Service> services, double number)
    {
        // The weights laid end to end on a line: the number says how far along the line to go.
        var left = number * services.Sum(service => service.Weight);
        foreach (var service in services)
        {
            if (left < service.Weight)
            {
                return service;
            }

            left -= service.Weight;
        }

        // Rounding may lead past the end of the line.
        return services.LastOrDefault(service => service.Weight > 0);
    }

    /// <summary>Without a weight it is 1; a negative one is 0.</summary>
    private static Service? Read(JsonElement data)
    {
        if (data.ValueKind != JsonValueKind.Object
            || !data.TryGetProperty("http_addr", out var address) || address.ValueKind != JsonValueKind.String)
        {
            return null;
        }

        var hasWeight = data.TryGetProperty("weight", out var weight) && weight.ValueKind == JsonValueKind.Number;
        return new Service(address.GetString()!, hasWeight ? Math.Max(0, weight.GetDouble()) : 1);
    }
}
