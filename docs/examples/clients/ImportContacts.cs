// Import a vCard file into a list, read the list back, and read the quota.
//
// Usage: dotnet run -- FILE LIST_ID [SKIP|UPDATE|DUPLICATE]
// Environment: QLARA_BASE_URL, QLARA_API_KEY, QLARA_TIMEOUT in seconds (default: 30)
// Needs .NET Core 3.1 or any newer .NET, and no packages.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Threading.Tasks;

public class Summary
{
    public int Total { get; set; }
    public int Imported { get; set; }
    public int Duplicates { get; set; }
    public int Errors { get; set; }
    public int Skipped { get; set; }
}

public class CardError
{
    public int Line { get; set; }
    public string Name { get; set; }
    public string Reason { get; set; }
}

public class ImportReport
{
    public string ImportId { get; set; }
    public string ListId { get; set; }
    public Summary Summary { get; set; }
    public List<CardError> Errors { get; set; }
}

public class Contact
{
    public string ContactId { get; set; }
    public string Name { get; set; }
    public string PhoneNumber { get; set; }
    public string Email { get; set; } // null where the card had none
    public List<string> Tags { get; set; }
    public DateTimeOffset CreatedAt { get; set; }
}

public class ContactPage
{
    public List<Contact> Contacts { get; set; }
    public bool HasMore { get; set; }
}

public class Quota
{
    public int Used { get; set; }
    public int Total { get; set; }
}

/// <summary>No whole response in time. An import may have happened; with SKIP it is safe to send it again.</summary>
public class Unavailable : Exception
{
    public Unavailable(string message, Exception cause) : base(message, cause) { }
}

/// <summary>The API refused the request and changed nothing.</summary>
public class Refused : Exception
{
    public int Status { get; }
    public IReadOnlyDictionary<string, string> Fields { get; } // each field at fault, with what is wrong with it
    public string RequestId { get; }

    public Refused(HttpResponseMessage response, Dictionary<string, string> fields)
        : base(string.Join("; ", fields.Select(field => field.Key + ": " + field.Value)))
    {
        Status = (int)response.StatusCode;
        Fields = fields;
        IEnumerable<string> ids;
        RequestId = response.Headers.TryGetValues("X-Request-Id", out ids) ? ids.First() : "unknown";
    }
}

/// <summary>400: the file is no vCard file, or a field is not what is expected.</summary>
public class InvalidRequest : Refused
{
    public InvalidRequest(HttpResponseMessage response, Dictionary<string, string> fields) : base(response, fields) { }
}

/// <summary>401: the key is missing, unknown or revoked.</summary>
public class InvalidKey : Refused
{
    public InvalidKey(HttpResponseMessage response, Dictionary<string, string> fields) : base(response, fields) { }
}

/// <summary>403: the key may not manage contacts.</summary>
public class NotPermitted : Refused
{
    public NotPermitted(HttpResponseMessage response, Dictionary<string, string> fields) : base(response, fields) { }
}

/// <summary>404: the account has no such list.</summary>
public class UnknownList : Refused
{
    public UnknownList(HttpResponseMessage response, Dictionary<string, string> fields) : base(response, fields) { }
}

/// <summary>409: the plan has no room for all contacts of the file; none was imported.</summary>
public class QuotaExceeded : Refused
{
    public QuotaExceeded(HttpResponseMessage response, Dictionary<string, string> fields) : base(response, fields) { }
}

/// <summary>413: split the file, at 10 MB each.</summary>
public class FileTooLarge : Refused
{
    public FileTooLarge(HttpResponseMessage response, Dictionary<string, string> fields) : base(response, fields) { }
}

/// <summary>429: try again after <see cref="RetryAfter"/>.</summary>
public class RateLimited : Refused
{
    public TimeSpan RetryAfter { get; }

    public RateLimited(HttpResponseMessage response, int seconds)
        : base(response, new Dictionary<string, string> { ["try again in"] = seconds + " seconds" })
    {
        RetryAfter = TimeSpan.FromSeconds(seconds);
    }
}

/// <summary>Any other response: of a proxy, or of a server in trouble. An import may have happened.</summary>
public class UnexpectedResponse : Refused
{
    public UnexpectedResponse(HttpResponseMessage response, string body)
        : base(response, new Dictionary<string, string> { ["body"] = body.Substring(0, Math.Min(200, body.Length)) }) { }
}

/// <summary>The three calls.</summary>
public class Qlara
{
    private const int Attempts = 5;
    private const double FirstPause = 0.5; // seconds before the second attempt; each further one is twice as long
    private const double UntoldWait = 60; // seconds, where Retry-After is missing, or is a date
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30); // for a rate limit, before we give up
    private static readonly JsonSerializerOptions CamelCase =
        new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    // One for the whole program. The API redirects nobody, and another host must not get the key.
    private readonly HttpClient http =
        new HttpClient(new HttpClientHandler { AllowAutoRedirect = false });
    private readonly string baseUrl;

    public Qlara(string baseUrl, string apiKey, TimeSpan timeout)
    {
        this.baseUrl = baseUrl.TrimEnd('/');
        http.Timeout = timeout; // for a whole call, its body included
        http.DefaultRequestHeaders.Add("X-Api-Key", apiKey);
    }

    /// <summary>Import a file into a list that exists.</summary>
    public Task<ImportReport> UploadAsync(string fileName, byte[] content, string listId, string strategy = "SKIP")
    {
        return SendAsync<ImportReport>(HttpMethod.Post, "/api/partner-gateway/v1/contacts/upload/vcard", "summary", () =>
        {
            var file = new ByteArrayContent(content);
            file.Headers.ContentType = new MediaTypeHeaderValue("text/vcard");
            return new MultipartFormDataContent
            {
                { file, "file", fileName.Replace("\"", "%22") }, // as browsers do; the class does not escape it
                { new StringContent(listId), "listId" },
                { new StringContent(strategy), "duplicateStrategy" },
            };
        }, strategy != "DUPLICATE");
    }

    /// <summary>Call <paramref name="visit"/> with every contact of a list, page by page.</summary>
    public async Task ContactsAsync(string listId, Action<Contact> visit)
    {
        var path = "/api/partner-gateway/v1/contacts/list/" + Uri.EscapeDataString(listId) + "/contacts";
        ContactPage page;
        var number = 1;
        do
        {
            page = await SendAsync<ContactPage>(HttpMethod.Get, path + "?limit=100&page=" + number, "contacts");
            page.Contacts.ForEach(visit);
            number++;
        } while (page.HasMore);
    }

    public Task<Quota> QuotaAsync()
    {
        return SendAsync<Quota>(HttpMethod.Get, "/api/v1/partner-gateway/subscription/contacts", "used");
    }

    /// <summary>Send a request, again if that may help and does no harm.</summary>
    /// <remarks>
    /// A request over the rate limit changed nothing. Of one without a whole response nobody knows: if it is
    /// <paramref name="repeatable"/>, it may be carried out twice.
    /// </remarks>
    private async Task<T> SendAsync<T>(
        HttpMethod method, string path, string needed, Func<HttpContent> content = null, bool repeatable = true)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SendOnceAsync<T>(method, path, needed, content);
            }
            catch (Exception error) when (attempt < Attempts && PauseAfter(error, attempt, repeatable) != null)
            {
                await Task.Delay(PauseAfter(error, attempt, repeatable).Value);
            }
        }
    }

    /// <summary>How long to wait for the next attempt; null: there is none.</summary>
    private static TimeSpan? PauseAfter(Exception error, int attempt, bool repeatable)
    {
        if (error is RateLimited limited)
        {
            return limited.RetryAfter <= LongestWait ? limited.RetryAfter : (TimeSpan?)null;
        }
        var status = (error as Refused)?.Status ?? 0;
        var passes = error is Unavailable || status >= 502 && status <= 504; // of a gateway, or of a server that starts
        return passes && repeatable ? TimeSpan.FromSeconds(FirstPause * Math.Pow(2, attempt - 1)) : (TimeSpan?)null;
    }

    private async Task<T> SendOnceAsync<T>(
        HttpMethod method, string path, string needed, Func<HttpContent> content)
    {
        using (var request = new HttpRequestMessage(method, baseUrl + path))
        {
            request.Content = content?.Invoke(); // a content can be sent only once
            try
            {
                using (var response = await http.SendAsync(request)) // with its whole body
                {
                    var text = await response.Content.ReadAsStringAsync();
                    return Read<T>(response, text, needed);
                }
            }
            catch (Exception failed) when (failed is HttpRequestException || failed is IOException)
            {
                throw new Unavailable(failed.Message, failed); // also half a response
            }
            catch (OperationCanceledException late)
            {
                throw new Unavailable("no response within " + http.Timeout.TotalSeconds + " seconds", late);
            }
        }
    }

    private static T Read<T>(HttpResponseMessage response, string text, string needed)
    {
        if ((int)response.StatusCode == 429)
        {
            throw new RateLimited(response, (int)(response.Headers.RetryAfter?.Delta?.TotalSeconds ?? UntoldWait));
        }
        try
        {
            using (var body = JsonDocument.Parse(text))
            {
                if ((int)response.StatusCode == 200 && Has(body.RootElement, needed))
                {
                    return JsonSerializer.Deserialize<T>(text, CamelCase);
                }
                throw Refusal(response, body.RootElement) ?? new UnexpectedResponse(response, text);
            }
        }
        catch (JsonException)
        {
            throw new UnexpectedResponse(response, text);
        }
    }

    private static bool Has(JsonElement body, string name)
    {
        return body.ValueKind == JsonValueKind.Object
            && body.TryGetProperty(name, out var found)
            && found.ValueKind != JsonValueKind.Null;
    }

    /// <summary>The refusal that a response is, or null if it is none of this API.</summary>
    private static Refused Refusal(HttpResponseMessage response, JsonElement body)
    {
        JsonElement data;
        if (body.ValueKind != JsonValueKind.Object)
        {
            return null;
        }
        if (!body.TryGetProperty("data", out data) || data.ValueKind != JsonValueKind.Object)
        {
            return null;
        }
        var fields = data.EnumerateObject().ToDictionary(field => field.Name, field => field.Value.ToString());
        switch ((int)response.StatusCode)
        {
            case 400: return new InvalidRequest(response, fields);
            case 401: return new InvalidKey(response, fields);
            case 403: return new NotPermitted(response, fields);
            case 404: return new UnknownList(response, fields);
            case 409: return new QuotaExceeded(response, fields);
            case 413: return new FileTooLarge(response, fields);
            default: return null;
        }
    }
}

public static class ImportContacts
{
    public static int Main(string[] arguments)
    {
        if (arguments.Length < 2)
        {
            Console.Error.WriteLine("Usage: dotnet run -- FILE LIST_ID [SKIP|UPDATE|DUPLICATE]");
            return 1;
        }
        try
        {
            RunAsync(arguments[0], arguments[1], arguments.ElementAtOrDefault(2) ?? "SKIP").GetAwaiter().GetResult();
            return 0;
        }
        catch (Refused refused)
        {
            var kind = refused.GetType().Name;
            Console.Error.WriteLine(refused.Status + " " + kind + ": " + refused.Message + " (request " + refused.RequestId + ")");
        }
        catch (Unavailable unavailable)
        {
            Console.Error.WriteLine("Unavailable: " + unavailable.Message);
        }
        catch (Exception wrong) when (wrong is IOException || wrong is ArgumentException)
        {
            Console.Error.WriteLine(wrong.Message);
        }
        return 1;
    }

    private static async Task RunAsync(string path, string listId, string strategy)
    {
        var seconds = double.Parse(
            Environment.GetEnvironmentVariable("QLARA_TIMEOUT") ?? "30", CultureInfo.InvariantCulture);
        var qlara = new Qlara(Setting("QLARA_BASE_URL"), Setting("QLARA_API_KEY"), TimeSpan.FromSeconds(seconds));
        var content = File.ReadAllBytes(path);
        var report = await qlara.UploadAsync(Path.GetFileName(path), content, listId, strategy);
        var counts = report.Summary;
        Console.WriteLine(
            "{0} of {1} imported, {2} duplicates", counts.Imported, counts.Total, counts.Duplicates);
        foreach (var error in report.Errors) // cards that were left out; the others are imported
        {
            Console.WriteLine("line {0}: {1}: {2}", error.Line, error.Name, error.Reason);
        }
        var names = new List<string>();
        await qlara.ContactsAsync(listId, contact => names.Add(contact.Name));
        Console.WriteLine("{0} contacts in {1}, the last of them {2}", names.Count, listId, names.LastOrDefault() ?? "nobody");
        var quota = await qlara.QuotaAsync();
        Console.WriteLine("{0} of {1} contacts used", quota.Used, quota.Total);
    }

    private static string Setting(string name)
    {
        var value = Environment.GetEnvironmentVariable(name);
        return string.IsNullOrEmpty(value) ? throw new ArgumentException("Set " + name + ".") : value;
    }
}
